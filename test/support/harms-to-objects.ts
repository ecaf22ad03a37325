/** What may be missing or other after a restore, of objects without rows: what it is, the SQL that makes it so, how the failed check names it. */
export const harmsToObjects: [what: string, sql: string, named: string][] = [
  ["a cast is missing", "drop cast (public.mood as int)", "cast (public.mood AS integer) is missing"],
  [
    "an operator is missing",
    "drop operator public.=== (public.pair, public.pair) cascade",
    "operator public.===(public.pair,public.pair) is missing",
  ],
  [
    "an operator's estimate is other",
    "alter operator public.<<< (public.pair, public.pair) set (restrict = none)",
    "operator public.<<<(public.pair,public.pair) is defined",
  ],
  [
    "an operator class is missing",
    "drop operator class public.pair_way using btree cascade",
    "operator class public.pair_way USING btree is missing",
  ],
  [
    "an operator family has lost a member",
    "alter operator family public.pair_ways using btree drop operator 1 (public.pair, int)",
    "operator family public.pair_ways USING btree is defined",
  ],
  [
    "an operator family is missing",
    "drop operator family public.pair_ways using btree cascade",
    "operator family public.pair_ways USING btree is missing",
  ],
  [
    "a text search configuration is missing",
    "drop text search configuration public.english_one",
    "text search configuration public.english_one is missing",
  ],
  [
    "a text search mapping is other",
    "alter text search configuration public.english_one drop mapping for word",
    "text search configuration public.english_one is defined",
  ],
  [
    "a text search dictionary is other",
    "alter text search dictionary public.simple_one (stopwords = 'german')",
    "text search dictionary public.simple_one is defined",
  ],
  [
    "a text search parser is missing",
    "drop text search parser public.same_one",
    "text search parser public.same_one is missing",
  ],
  [
    "a text search template is missing",
    "drop text search template public.empty_one",
    "text search template public.empty_one is missing",
  ],
  [
    "a statistics object is missing",
    "drop statistics public.customer_stats",
    "statistics public.customer_stats is missing",
  ],
  [
    "a statistics object's target is other",
    "alter statistics public.customer_stats set statistics 1",
    "statistics public.customer_stats is defined",
  ],
  [
    "a foreign-data wrapper's option is other",
    "alter foreign data wrapper bare options (set debug 'false')",
    "foreign-data wrapper bare is defined",
  ],
  ["a foreign server is missing", "drop server far cascade", "server far is missing"],
  ["a foreign server's option is other", "alter server far options (set host '127.0.0.9')", "server far is defined"],
  ["a foreign server's grant is missing", "revoke usage on foreign server far from bert", "server far is defined"],
  ["a user mapping is missing", "drop user mapping for bert server far", "user mapping bert on far is missing"],
  [
    "a user mapping's option is missing",
    "alter user mapping for bert server far options (drop password)",
    "user mapping bert on far is defined",
  ],
  [
    "a foreign table's option is other",
    "alter foreign table public.distant options (set table_name 'x')",
    "table public.distant is defined",
  ],
  [
    "a foreign column's option is other",
    "alter foreign table public.distant alter a options (set column_name 'x')",
    "table public.distant is defined",
  ],
  [
    "a table is not published",
    "alter publication few drop table public.nothing",
    "publication of table public.nothing by few is missing",
  ],
  ["a publication is missing", "drop publication all_of", "publication all_of is missing"],
  [
    "a publication publishes less",
    "alter publication all_of set (publish = 'delete')",
    "publication all_of is defined",
  ],
  [
    "a published table's filter is gone",
    "alter publication filtered set table public.customer (id, name)",
    "publication of table public.customer by filtered is defined",
  ],
  [
    "a schema is not published",
    'alter publication by_schema drop tables in schema "Odd ""Schema"""',
    'publication of schema "Odd ""Schema""" by by_schema is missing',
  ],
  [
    "a partition is detached",
    "alter table public.measured detach partition public.measured_2021",
    "table public.measured_2021 is defined",
  ],
  [
    "a partition has other bounds",
    "alter table public.measured detach partition public.measured_2020; alter table public.measured attach partition public.measured_2020 for values from ('2019-01-01') to ('2021-01-01')",
    "table public.measured_2020 is defined",
  ],
  ["a child inherits no more", "alter table public.child no inherit public.parent", "table public.child is defined"],
  [
    "an index is not a part any more",
    "alter table public.measured detach partition public.measured_2020",
    "index public.measured_2020_value_idx is defined",
  ],
  ["a collation is missing", "drop collation public.plain", "collation public.plain is missing"],
  ["a collation has another owner", "alter collation public.plain owner to bert", "collation public.plain is defined"],
  ["a conversion is missing", "drop conversion public.to_latin", "conversion public.to_latin is missing"],
  ["an access method is missing", "drop access method heapy cascade", "access method heapy is missing"],
  [
    "a table uses another access method",
    "alter table public.with_am set access method heap",
    "table public.with_am is defined",
  ],
  ["a language is missing", "drop language plsame", "language plsame is missing"],
  ["a language may be used by others", "revoke usage on language plsame from public", "language plsame is defined"],
  [
    "a transform is missing",
    "drop transform for int language plpgsql cascade",
    "transform for integer on language plpgsql is missing",
  ],
];
