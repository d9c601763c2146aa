// Takes 60 s.
import { testContract } from './contract.ts'
import { withPostgres } from './postgres.ts'

withPostgres('postgresInbox', (postgres) => {
  testContract('postgresInbox', () => ({ url: postgres().service.url, server: postgres().pool }))
})
