/**
 * A shop's database, made like one that has grown: prose, names, codes, money, JSON, times; keys, foreign keys, a text
 * index. The same seed gives the same rows. `gzip` makes about a quarter of its dump, as it does of real ones; random
 * hexadecimal text would flatter whoever compresses less.
 */

const words =
  "the a of and to in is with for was on that it as be are this have from not which one more were their very after when quality delivery broken perfect colour box arrived late returned screw handle bottle garden kitchen winter summer light heavy small large cheap useful instructions manual missing friendly service again recommend never always battery charger cable wood steel paint smell noise child mother birthday present size fits too tight loose wash machine warm cold".split(
    " ",
  );

const wordsSql = `array[${words.map((word) => `'${word}'`).join(", ")}]`;

/** SQL for so many random words. The reference to the outer row makes PostgreSQL choose anew for each row. */
function prose(count: string, row: string): string {
  return `(select string_agg((${wordsSql})[1 + (random() * random() * ${words.length - 1})::int], ' ') from generate_series(1, ${count}) w where ${row} > 0)`;
}

/** Statements in their order; each list may run beside the others of its stage. @param scale 1 is about 1 GiB on disk */
export function shopSql(scale: number): { schema: string; rows: string[]; after: string[] } {
  const n = (count: number) => Math.max(20, Math.round(count * scale));
  const [customers, products, orders, reviews, events] = [n(300_000), n(40_000), n(1_400_000), n(250_000), n(700_000)];
  const seeded = "set synchronous_commit = off; select setseed(0.42);";
  return {
    schema: `
      create type order_state as enum ('new', 'paid', 'shipped', 'returned');
      create table customer (id int not null, name text not null, email text not null, phone text, street text, city text not null,
        joined date not null, balance numeric(12, 2) not null, preferences jsonb not null);
      create table product (id int not null, sku text not null, title text not null, description text not null,
        price numeric(10, 2) not null, stock int not null, attributes jsonb not null);
      create table purchase (id bigint not null, customer_id int not null, placed_at timestamptz not null, state order_state not null,
        total numeric(12, 2) not null, note text);
      create table purchase_line (purchase_id bigint not null, line smallint not null, product_id int not null, quantity int not null,
        price numeric(10, 2) not null);
      create table review (id int not null, product_id int not null, customer_id int not null, stars smallint not null, written_at timestamptz not null, body text not null);
      create table event (id bigint not null, at timestamptz not null, customer_id int, kind text not null, source inet, payload jsonb not null);`,
    rows: [
      `${seeded} insert into customer select i, initcap(${prose("2", "i")}), 'user' || i || '@example.org', '+49 ' || (random() * 1e10)::bigint,
        ${prose("2", "i")} || ' ' || (random() * 200)::int, (array['Berlin', 'Lyon', 'Porto', 'Graz', 'Ghent', 'Turin', 'Leeds', 'Brno'])[1 + (random() * 7)::int],
        date '2015-01-01' + (random() * 4000)::int, (random() * 10000 - 2000)::numeric(12, 2),
        jsonb_build_object('newsletter', random() < 0.3, 'language', (array['en', 'de', 'fr'])[1 + (random() * 2)::int], 'since', i % 97)
      from generate_series(1, ${customers}) i;
      insert into product select i, 'SKU-' || lpad(i::text, 7, '0'), ${prose("5", "i")}, ${prose("60", "i")}, (1 + random() * 300)::numeric(10, 2),
        (random() * 500)::int, jsonb_build_object('weight', round((random() * 20)::numeric, 2), 'colour', i % 12, 'made', 'EU')
      from generate_series(1, ${products}) i;
      insert into review select i, 1 + (random() * ${products - 1})::int, 1 + (random() * ${customers - 1})::int, 1 + (random() * 4)::int,
        timestamptz '2020-01-01 00:00Z' + random() * interval '5 years', ${prose("(10 + random() * 70)::int", "i")}
      from generate_series(1, ${reviews}) i;`,
      `${seeded} insert into purchase select i, 1 + (random() * ${customers - 1})::int, timestamptz '2019-01-01 08:00Z' + i * interval '97 seconds',
        (array['new', 'paid', 'shipped', 'shipped', 'shipped', 'returned'])[1 + (random() * 5)::int]::order_state, (5 + random() * 500)::numeric(12, 2),
        case when random() < 0.2 then 'leave at the door, ring ' || (random() * 9)::int || ' times, floor ' || (random() * 20)::int end
      from generate_series(1, ${orders}) i;
      insert into purchase_line select i, l, 1 + (random() * ${products - 1})::int, 1 + (random() * 4)::int, (1 + random() * 300)::numeric(10, 2)
      from generate_series(1, ${orders}) i, generate_series(1, 1 + i % 4) l;
      insert into event select i, timestamptz '2024-01-01 00:00Z' + i * interval '31 seconds', 1 + (random() * ${customers - 1})::int,
        (array['view', 'view', 'view', 'cart', 'search', 'login'])[1 + (random() * 5)::int],
        ('10.' || (random() * 255)::int || '.' || (random() * 255)::int || '.' || (random() * 255)::int)::inet,
        jsonb_build_object('page', '/product/' || (random() * ${products})::int, 'ms', (random() * 900)::int, 'agent', 'browser ' || (random() * 40)::int, 'session', (random() * 1e12)::bigint)
      from generate_series(1, ${events}) i;`,
    ],
    after: [
      `alter table customer add primary key (id); alter table product add primary key (id), add unique (sku); alter table purchase add primary key (id);
       alter table purchase_line add primary key (purchase_id, line); alter table review add primary key (id); alter table event add primary key (id);
       create unique index on customer (email); create index on customer (city, joined); create index on purchase (customer_id, placed_at);
       create index on purchase (placed_at) where state = 'new'; create index on purchase_line (product_id); create index on review (product_id, stars);
       create index on review using gin (to_tsvector('simple', body)); create index on event (customer_id, at); create index on event (kind, at);
       alter table purchase add foreign key (customer_id) references customer; alter table review add foreign key (product_id) references product,
         add foreign key (customer_id) references customer;
       alter table purchase_line add foreign key (purchase_id) references purchase, add foreign key (product_id) references product;
       create sequence purchase_number; select setval('purchase_number', ${orders});
       create view revenue as select date_trunc('month', placed_at) as month, sum(total) as total from purchase group by 1;`,
      "vacuum analyze",
    ],
  };
}
