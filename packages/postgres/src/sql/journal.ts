// All bodies are joined to one parameter, which the statement splits by offsets.
export const ARRIVE: string = `WITH i AS (
    INSERT INTO $.postern_arrivals (id, strangers, at, size, data, source, head, body)
    SELECT id, strangers, at, length(data) + coalesce(length(head), 0) + coalesce(b, 0) + 200, data, source, head,
      CASE WHEN b >= 0 THEN substring($8::bytea FROM st + 1 FOR b) END
    FROM unnest($1::text[], $2::boolean[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $9::int[])
      AS i(id, strangers, at, data, source, head, st, b)
    ON CONFLICT DO NOTHING RETURNING 1),
  l AS (UPDATE $.postern_schema SET lost = lost + $10::bigint WHERE $10::bigint > 0)
  SELECT count(*)::int AS n FROM i`

export const TRIM: string = `WITH o AS MATERIALIZED (
    SELECT r.id, r.at, row_number() OVER w AS rows, sum(r.size) OVER w AS bytes FROM $.postern_arrivals r WHERE r.strangers = $1
    WINDOW w AS (ORDER BY r.id DESC ROWS UNBOUNDED PRECEDING)),
  d AS (
    DELETE FROM $.postern_arrivals r USING (
      SELECT id FROM o WHERE rows > $2::bigint OR bytes > $3::bigint OR at < $4::bigint ORDER BY id LIMIT 1000) x
    WHERE r.id = x.id RETURNING 1)
  SELECT count(*)::int AS n FROM d`

/** Reads the size of a ring, a bounded list of deliveries. If it may be above its bounds, TRIM reads the whole ring. */
export const RING: string = `SELECT count(*)::int AS rows, coalesce(sum(size), 0)::float8 AS bytes, min(at)::float8 AS oldest
  FROM $.postern_arrivals WHERE strangers = $1`

export const TRIM_KEPT: string = `WITH u AS (
    UPDATE $.postern_arrivals a SET source = NULL, head = NULL, body = NULL
    WHERE a.source = ANY($1::text[]) AND EXISTS (
      SELECT 1 FROM $.postern_arrivals b WHERE b.source = a.source AND b.id > a.id) RETURNING 1)
  SELECT count(*)::int AS n FROM u`

export const ARRIVALS: string = `SELECT id, strangers, at::float8 AS at, data FROM $.postern_arrivals
  WHERE $1::text IS NULL OR id < $1::text ORDER BY id DESC LIMIT $2::int`
export const ARRIVAL: string = `SELECT id, strangers, at::float8 AS at, data, source, head, body FROM $.postern_arrivals WHERE id = $1`

// Series have names from outside, as causes and codes. Series above 20,000 are not counted.
export const SERIES: string = `WITH k AS (SELECT s.id, s.name, s.day FROM $.postern_series s WHERE s.key = ANY($1::uuid[])),
  u AS (UPDATE $.postern_series s SET day = $3::int FROM k WHERE s.id = k.id AND k.day < $3::int),
  i AS (
    INSERT INTO $.postern_series AS s (key, name, day) SELECT n.key, n.name, $3::int FROM unnest($1::uuid[], $2::text[]) AS n(key, name)
    WHERE NOT EXISTS (SELECT 1 FROM k WHERE k.name = n.name) AND (SELECT count(*) FROM $.postern_series) < 20000
    ORDER BY n.key ON CONFLICT (key) DO UPDATE SET day = EXCLUDED.day RETURNING s.id, s.name)
  SELECT id, name FROM k UNION ALL SELECT id, name FROM i`
export const EVERY_SERIES = 'SELECT id, name FROM $.postern_series'
export const DROP_SERIES: string = `WITH d AS (DELETE FROM $.postern_series WHERE day < $1::int RETURNING 1) SELECT count(*)::int AS n FROM d`

export const SPAN: string = `WITH h AS (
    INSERT INTO $.postern_history AS h (kind, at, data) VALUES ($1, $2::bigint, '')
    ON CONFLICT (kind, at) DO UPDATE SET data = h.data RETURNING h.data)
  SELECT data FROM h`
export const SET_SPAN: string = `WITH h AS (UPDATE $.postern_history SET data = $3::bytea WHERE kind = $1 AND at = $2::bigint RETURNING 1)
  SELECT count(*)::int AS n FROM h`
export const SPANS: string = `SELECT at::float8 AS at, data FROM $.postern_history WHERE kind = $1 AND at >= $2::float8 AND at < $3::float8
  ORDER BY at LIMIT 64`
export const TAKE_SPANS: string = `WITH o AS MATERIALIZED (
    SELECT kind, at FROM $.postern_history WHERE kind = $1 AND at < $2::float8 ORDER BY at LIMIT 64 FOR UPDATE SKIP LOCKED),
  d AS (DELETE FROM $.postern_history h USING o WHERE h.kind = o.kind AND h.at = o.at RETURNING h.at, h.data)
  SELECT at::float8 AS at, data FROM d ORDER BY at`
export const DROP_SPANS: string = `WITH d AS (DELETE FROM $.postern_history WHERE kind = $1 AND at < $2::float8 RETURNING 1)
  SELECT count(*)::int AS n FROM d`

export const GET_RECORD = 'SELECT value, version FROM $.postern_records WHERE key = $1'
export const LIST_RECORDS: string = `SELECT key, value, version FROM $.postern_records WHERE starts_with(key, $1) ORDER BY key`
export const ADD_RECORD: string = `WITH r AS (
    INSERT INTO $.postern_records (key, value, version) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*)::int AS n FROM r`
export const SET_RECORD: string = `WITH r AS (
    UPDATE $.postern_records SET value = $2, version = version + 1 WHERE key = $1 AND version = $3::int RETURNING 1)
  SELECT count(*)::int AS n FROM r`
/** Adds records, or replaces records that exist. */
export const NOTE_RECORDS: string = `WITH r AS (
    INSERT INTO $.postern_records AS r (key, value, version) SELECT k, v, 1 FROM unnest($1::text[], $2::text[]) AS i(k, v)
    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, version = r.version + 1 RETURNING 1)
  SELECT count(*)::int AS n FROM r`
export const DELETE_RECORD: string = `WITH r AS (DELETE FROM $.postern_records WHERE key = $1 AND version = $2::int RETURNING 1)
  SELECT count(*)::int AS n FROM r`
