// What an inbox on another SQLite of its runtime is made of: all but `node:sqlite`. For the packages of this project.
export type { Database, Driver, Life, Statement, Value } from './driver/driver.ts'
export { createErrors } from './driver/errors.ts'
export { STEPS } from './sql/tables.ts'
export { migrateFile, type FileLayout } from './store/schema.ts'
export { createStore } from './store/store.ts'
