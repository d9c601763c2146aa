export const ADD_ARRIVAL: string =
  'INSERT INTO postern_arrivals (ring, id, at, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
export const COUNT_RING: string =
  'UPDATE postern_rings SET rows = rows + ?, bytes = bytes + ?, lost = lost + ? WHERE ring = ?'
export const RING: string = 'SELECT rows, bytes FROM postern_rings WHERE ring = ?'
export const OLDEST_ARRIVALS: string =
  'SELECT id, at, length(data) AS size FROM postern_arrivals WHERE ring = ? ORDER BY id LIMIT ?'
export const DROP_ARRIVALS: string = 'DELETE FROM postern_arrivals WHERE ring = ? AND id <= ?'
/** Each ring is read in its own order, and SQLite merges them. */
export const NEWEST_ARRIVALS: string = `SELECT ring, id, at, data FROM postern_arrivals WHERE ring = 0 AND id < ?
  UNION ALL SELECT ring, id, at, data FROM postern_arrivals WHERE ring = 1 AND id < ? ORDER BY id DESC LIMIT ?`
export const ARRIVAL: string = `SELECT a.ring, a.id, a.at, a.data, k.source, k.head, k.body FROM postern_arrivals a
  LEFT JOIN postern_kept k ON k.id = a.id WHERE a.ring IN (0, 1) AND a.id = ?`
export const KEEP: string =
  'INSERT OR REPLACE INTO postern_kept (id, source, head, body) VALUES (?, ?, ?, ?)'
export const TRIM_KEPT: string =
  'DELETE FROM postern_kept WHERE source = ? AND id < (SELECT max(id) FROM postern_kept WHERE source = ?)'
export const DROP_KEPT: string = 'DELETE FROM postern_kept WHERE id = ?'

export const FIND_SERIES: string = 'SELECT id, used FROM postern_series WHERE name = ?'
export const COUNT_SERIES: string = 'SELECT count(*) AS n FROM postern_series'
export const ADD_SERIES: string = 'INSERT INTO postern_series (name, used) VALUES (?, ?)'
export const USE_SERIES: string = 'UPDATE postern_series SET used = ? WHERE id = ?'
export const EVERY_SERIES: string = 'SELECT id, name FROM postern_series'
export const DROP_SERIES: string = 'DELETE FROM postern_series WHERE used < ?'
export const FIND_SPAN: string = 'SELECT data FROM postern_spans WHERE kind = ? AND at = ?'
export const SET_SPAN: string = `INSERT INTO postern_spans (kind, at, data) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET data = excluded.data`
export const SPANS: string =
  'SELECT kind, at, data FROM postern_spans WHERE kind = ? AND at >= ? AND at < ? ORDER BY at LIMIT 64'
export const DROP_SPANS: string = 'DELETE FROM postern_spans WHERE kind = ? AND at < ?'

export const RECORD: string = 'SELECT value, version FROM postern_records WHERE key = ?'
export const ADD_RECORD: string =
  'INSERT INTO postern_records (key, value, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING'
export const SET_RECORD: string =
  'UPDATE postern_records SET value = ?, version = version + 1 WHERE key = ? AND version = ?'
/** Whether it is there or not. */
export const NOTE_RECORD: string = `INSERT INTO postern_records (key, value, version) VALUES (?, ?, 1)
  ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1`
export const DROP_RECORD: string = 'DELETE FROM postern_records WHERE key = ? AND version = ?'
/** Node 22.13 cannot bind numbered parameters, so one is given as often as it is named. */
export const RECORDS: string =
  'SELECT key, value, version FROM postern_records WHERE key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key'
