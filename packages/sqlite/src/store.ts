// Parts for an inbox on the SQLite of another runtime. Only packages of this project use them.
export type { Database, Driver, Life, Statement, Value } from './driver/driver.ts'
export { createErrors } from './driver/errors.ts'
export { STEPS } from './sql/tables.ts'
export { migrateFile, type FileLayout } from './store/schema.ts'
export { createStore } from './store/store.ts'
