export const ADD_DELIVERY: string = 'INSERT INTO postern_deliveries (head, body) VALUES (?, ?)'
export const ADD_EVENT: string = `INSERT INTO postern_events (id, receiver, key, received, taken, topic, event_id, scope, delivery, record, head, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
/** Marks of few events: a column costs each insert, even an empty one. */
export const PASSING: string = 'UPDATE postern_events SET contents = 1 WHERE id = ?'
export const LOOSE: string = 'UPDATE postern_events SET loose = 1 WHERE id = ?'
/** Number of the next event: behind the last one, and behind all that were dropped. */
export const NEXT = 'max(next, coalesce((SELECT max(id) FROM postern_events), 0) + 1)'
export const NEXT_NUMBER: string = `SELECT ${NEXT} AS next FROM postern_numbers`
/** For an event that is dropped: nobody gets its number again. */
export const KEEP_NUMBER: string = 'UPDATE postern_numbers SET next = ? WHERE next < ?'
/** The time of the file, but of the last seconds. */
export const CLOCK: string = `SELECT max(clock, coalesce((SELECT taken FROM postern_events ORDER BY id DESC LIMIT 1), 0)) AS clock
  FROM postern_numbers`
/** A write that changes nothing: it locks the file. */
export const LOCK: string = 'UPDATE postern_numbers SET next = next'
export const SINCE: string =
  'SELECT id FROM postern_events WHERE id >= ? AND receiver = ? AND key = ?'
