/** What the writer did in one database so far. */
export interface Traffic {
  database: string;
  transactions: number;
  /** Rows inserted and updated. */
  rows: number;
  /** Time of the newest commit by the server's clock, ISO 8601. */
  newest: string | null;
  /** Attempts that failed, because the database was away. */
  failures: number;
  /** What the last attempt failed with; null while writing works. */
  trouble: string | null;
}

/** One transaction of each database, as one statement that returns how many rows it touched, and when. */
export const transactions = {
  shop: `
with bought as (
  insert into sales.orders (customer_id, note) select 1 + floor(random() * 60000), 'placed by the demo' returning id),
lines as (
  insert into sales.order_lines (order_id, line, product_id, quantity, price)
  select id, line, 1 + floor(random() * 6000), 1 + line % 3, 9.90 from bought, generate_series(1, 3) line
  returning product_id),
shipped as (
  update sales.orders set state = 'shipped' where id = (select 1 + floor(random() * 300000)::bigint) returning id)
select (select count(*) from bought)::int + (select count(*) from lines)::int + (select count(*) from shipped)::int as rows,
  now() as at`,
  ledger: `
with pick as (
  select 1 + floor(random() * 50000)::int as account, round((random() * 200)::numeric, 2) as amount),
booked as (
  insert into book.entries (account_id, amount, reference)
  select account, side * amount, 'written by the demo' from pick, (values (1), (-1)) sides (side) returning id),
balance as (
  update book.accounts a set balance = balance + amount from pick where a.id = pick.account returning a.id)
select (select count(*) from booked)::int + (select count(*) from balance)::int as rows, now() as at`,
};
