// A server to look at the page with: Express, SQLite, and a day of some hundred signed deliveries of four senders, with
// failures, rejections, a retry, duplicates and a silent receiver. New deliveries arrive every few seconds. The day takes some seconds to happen; the page can be opened meanwhile.
//
//   node packages/inspector/test/serve.ts            http://localhost:4400/postern
//   node packages/inspector/test/serve.ts 4401       another port
//   node packages/inspector/test/serve.ts 4401 empty without deliveries
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import { inspector } from '../src/hosts/express.ts'
import { createDay } from './day.ts'

const [port = '4400', empty] = process.argv.slice(2)
const inbox = sqliteInbox({ path: join(mkdtempSync(join(tmpdir(), 'postern-page-')), 'day.db') })
const day = createDay(inbox)
const app = express()
app.use(
  '/postern',
  inspector({
    inbox,
    receivers: day.receivers,
    dev: `http://localhost:${port}/postern`,
    name: 'orders-api',
  }),
)
app.listen(Number(port), '127.0.0.1')

if (empty === undefined) {
  await day.past()
  setInterval(() => void day.one(), 3000)
}
