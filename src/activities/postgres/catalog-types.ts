import { columns, grants, notOfExtension, ownObject, sorted, userSchema } from "./catalog-sql.ts";

/** Types, functions, operators and what is made of them. */

const identity = (catalog: string, oid: string) =>
  `(select i.identity from pg_identify_object('${catalog}'::regclass, ${oid}, 0) i)`;

const aggregate = `(select row(g.aggkind, g.aggnumdirectargs, g.aggtransfn::regprocedure, g.aggfinalfn::regprocedure, g.aggcombinefn::regprocedure,
    g.aggserialfn::regprocedure, g.aggdeserialfn::regprocedure, g.aggmtransfn::regprocedure, g.aggminvtransfn::regprocedure, g.aggmfinalfn::regprocedure,
    g.aggfinalextra, g.aggmfinalextra, g.aggfinalmodify, g.aggmfinalmodify, g.aggsortop::regoperator, g.aggtranstype::regtype, g.aggtransspace,
    g.aggmtranstype::regtype, g.aggmtransspace, g.agginitval, g.aggminitval, p.proparallel) from pg_aggregate g where g.aggfnoid = p.oid)::text`;

export const typeQueries: Record<string, string> = {
  function: `select p.oid::regprocedure::text as name, row(proowner::regrole, ${grants("proacl", "f", "proowner")},
      case when prokind = 'a' then ${aggregate} else pg_get_functiondef(p.oid) end)::text as definition
    from pg_proc p where ${userSchema("pronamespace")} and ${notOfExtension("pg_proc", "p.oid")}`,
  // A multirange has the owner of whoever made or restored its range: no dump of PostgreSQL 14 to 16 tells of another one.
  type: `select t.oid::regtype::text as name, row(t.typtype, case when t.typtype <> 'm' then t.typowner::regrole end,
      case when t.typtype <> 'm' or t.typacl is not null then ${grants("t.typacl", "T", "t.typowner")} end, format_type(t.typbasetype, t.typtypmod),
      t.typnotnull, t.typdefault, nullif(t.typcollation, 0)::regcollation, t.typstorage, t.typalign, t.typlen, t.typcategory, t.typisdefined,
      t.typinput::regprocedure, t.typoutput::regprocedure, t.typreceive::regprocedure, t.typsend::regprocedure, t.typmodin::regprocedure, t.typmodout::regprocedure,
      (select string_agg(quote_literal(enumlabel), ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
      (select row(r.rngsubtype::regtype, r.rngmultitypid::regtype, nullif(r.rngcollation, 0)::regcollation, ${identity("pg_opclass", "r.rngsubopc")},
         r.rngcanonical::regprocedure, r.rngsubdiff::regprocedure) from pg_range r where r.rngtypid = t.oid),
      (select ${columns} from pg_class c where c.oid = t.typrelid))::text as definition
    from pg_type t where ${userSchema("t.typnamespace")} and ${notOfExtension("pg_type", "t.oid")}
      and (t.typtype in ('e', 'd', 'r', 'm') or (t.typtype = 'c' and exists (select from pg_class where oid = t.typrelid and relkind = 'c'))
        or (t.typtype in ('b', 'p') and not exists (select from pg_type e where e.typarray = t.oid)))`,
  operator: `select o.oid::regoperator::text as name, row(oprowner::regrole, oprkind, oprcanmerge, oprcanhash, oprresult::regtype, oprcom::regoperator,
      oprnegate::regoperator, oprcode::regprocedure, oprrest::regprocedure, oprjoin::regprocedure)::text as definition
    from pg_operator o where ${userSchema("oprnamespace")} and ${ownObject("pg_operator", "o.oid")}`,
  "operator class": `select ${identity("pg_opclass", "o.oid")} as name, row(opcowner::regrole, ${identity("pg_opfamily", "opcfamily")}, opcintype::regtype,
      opcdefault, nullif(opckeytype, 0)::regtype)::text as definition
    from pg_opclass o where ${userSchema("opcnamespace")} and ${ownObject("pg_opclass", "o.oid")}`,
  "operator family": `select ${identity("pg_opfamily", "o.oid")} as name, row(opfowner::regrole,
      (select string_agg(row(i.identity, a.amopopr::regoperator, a.amoppurpose, a.amopsortfamily)::text, ',' order by i.identity)
       from pg_amop a, pg_identify_object('pg_amop'::regclass, a.oid, 0) i where a.amopfamily = o.oid),
      (select string_agg(row(i.identity, a.amproc::oid::regprocedure)::text, ',' order by i.identity)
       from pg_amproc a, pg_identify_object('pg_amproc'::regclass, a.oid, 0) i where a.amprocfamily = o.oid))::text as definition
    from pg_opfamily o where ${userSchema("opfnamespace")} and ${ownObject("pg_opfamily", "o.oid")}`,
  cast: `select ${identity("pg_cast", "k.oid")} as name, row(nullif(castfunc, 0)::regprocedure, castcontext, castmethod)::text as definition
    from pg_cast k where ${ownObject("pg_cast", "k.oid")}`,
  transform: `select ${identity("pg_transform", "k.oid")} as name, row(trffromsql::oid::regprocedure, trftosql::oid::regprocedure)::text as definition
    from pg_transform k where ${ownObject("pg_transform", "k.oid")}`,
  // The version of a collation is that of the library where it was made: a restore makes it anew.
  collation: `select k.oid::regcollation::text as name, row(collowner::regrole, pg_encoding_to_char(collencoding),
      to_jsonb(k) - '{oid,collname,collnamespace,collowner,collencoding,collversion}'::text[])::text as definition
    from pg_collation k where ${userSchema("collnamespace")} and ${ownObject("pg_collation", "k.oid")}`,
  conversion: `select ${identity("pg_conversion", "k.oid")} as name, row(conowner::regrole, pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding),
      conproc::oid::regprocedure, condefault)::text as definition
    from pg_conversion k where ${userSchema("connamespace")} and ${ownObject("pg_conversion", "k.oid")}`,
  language: `select lanname as name, row(lanowner::regrole, lanpltrusted, lanplcallfoid::regprocedure, laninline::regprocedure, lanvalidator::regprocedure,
      ${grants("lanacl", "l", "lanowner")})::text as definition
    from pg_language k where ${ownObject("pg_language", "k.oid")}`,
  "access method": `select amname as name, row(amtype, amhandler::oid::regprocedure)::text as definition from pg_am k where ${ownObject("pg_am", "k.oid")}`,
  "text search configuration": `select k.oid::regconfig::text as name, row(cfgowner::regrole, ${identity("pg_ts_parser", "cfgparser")},
      (select string_agg(row(m.maptokentype, m.mapseqno, m.mapdict::regdictionary)::text, ',' order by m.maptokentype, m.mapseqno)
       from pg_ts_config_map m where m.mapcfg = k.oid))::text as definition
    from pg_ts_config k where ${userSchema("cfgnamespace")} and ${ownObject("pg_ts_config", "k.oid")}`,
  "text search dictionary": `select k.oid::regdictionary::text as name, row(dictowner::regrole, ${identity("pg_ts_template", "dicttemplate")}, dictinitoption)::text as definition
    from pg_ts_dict k where ${userSchema("dictnamespace")} and ${ownObject("pg_ts_dict", "k.oid")}`,
  "text search parser": `select ${identity("pg_ts_parser", "k.oid")} as name, row(prsstart, prstoken, prsend, prsheadline, prslextype)::text as definition
    from pg_ts_parser k where ${userSchema("prsnamespace")} and ${ownObject("pg_ts_parser", "k.oid")}`,
  "text search template": `select ${identity("pg_ts_template", "k.oid")} as name, row(tmplinit, tmpllexize)::text as definition
    from pg_ts_template k where ${userSchema("tmplnamespace")} and ${ownObject("pg_ts_template", "k.oid")}`,
  "foreign-data wrapper": `select fdwname as name, row(fdwowner::regrole, nullif(fdwhandler, 0)::regprocedure, nullif(fdwvalidator, 0)::regprocedure, ${sorted("fdwoptions")},
      ${grants("fdwacl", "F", "fdwowner")})::text as definition
    from pg_foreign_data_wrapper k where ${ownObject("pg_foreign_data_wrapper", "k.oid")}`,
  server: `select srvname as name, row(srvowner::regrole, (select fdwname from pg_foreign_data_wrapper where oid = srvfdw), srvtype, srvversion, ${sorted("srvoptions")},
      ${grants("srvacl", "S", "srvowner")})::text as definition
    from pg_foreign_server k where ${ownObject("pg_foreign_server", "k.oid")}`,
  // Options of a user mapping hold passwords: only their names are compared.
  "user mapping": `select format('%I on %I', usename, srvname) as name,
      (select string_agg(split_part(item, '=', 1), ',' order by item) from unnest(umoptions) item) as definition from pg_user_mappings`,
};
