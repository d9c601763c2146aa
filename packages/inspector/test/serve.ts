// A server that shows the page: Express, SQLite, and some hundred signed deliveries of four senders over a simulated
// day, with failures, rejections, retries, duplicates and a silent receiver. New deliveries arrive every few seconds.
// The page can be opened while the deliveries of the day are still being sent.
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
