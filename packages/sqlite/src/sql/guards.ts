export const HOLDER: string = 'SELECT holder FROM postern_guards WHERE receiver = ? AND key = ?'
export const ADD_GUARD: string =
  'INSERT INTO postern_guards (receiver, key, holder, taken) VALUES (?, ?, ?, ?)'
export const DROP_GUARD: string = 'DELETE FROM postern_guards WHERE receiver = ? AND key = ?'
