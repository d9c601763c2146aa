export const VERSIONS: string = 'SELECT version, oldest FROM postern_schema'
export const SET_VERSIONS: string = 'UPDATE postern_schema SET version = ?, oldest = ?'
/** Processes that have not said that they ended. */
export const LIVING: string = 'SELECT id, version FROM postern_processes WHERE gone = 0'
