export { redisLedger, type RedisLedgerOptions } from './ledger.ts'
export type { RedisConnection } from './connection.ts'
