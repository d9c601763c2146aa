export const ADD_DELIVERY: string = 'INSERT INTO postern_deliveries (head, body) VALUES (?, ?)'
export const ADD_EVENT: string = `INSERT INTO postern_events (id, receiver, key, received, taken, topic, event_id, scope, delivery, record, head, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
/** Marks of few events: a column costs each insert, even an empty one. */
export const PASSING: string = 'UPDATE postern_events SET contents = 1 WHERE id = ?'
export const LOOSE: string = 'UPDATE postern_events SET loose = 1 WHERE id = ?'
export const NEXT_NUMBER: string = 'SELECT next FROM postern_numbers'
export const SET_NUMBER: string = 'UPDATE postern_numbers SET next = ?'
/** A write that changes nothing: it locks the file. */
export const LOCK: string = 'UPDATE postern_numbers SET next = next'
export const SINCE: string =
  'SELECT id FROM postern_events WHERE id >= ? AND receiver = ? AND key = ?'
