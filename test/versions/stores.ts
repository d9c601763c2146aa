import type { DurableName } from '../services/inboxes.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'
import { sqlite } from './sqlite.ts'
import type { VersionedStore } from './versioned.ts'

export const stores: Readonly<Record<DurableName, VersionedStore>> = {
  sqlite,
  bullmq: redis,
  postgres,
  mysql,
}
