// Parts of an inbox on another runtime's SQLite, for packages of this project.
export type { Database, Driver, Life, Statement, Value } from './driver/driver.ts'
export { createErrors } from './driver/errors.ts'
export { STEPS } from './sql/tables.ts'
export { migrateFile, type FileLayout } from './store/schema.ts'
export { createStore } from './store/store.ts'
