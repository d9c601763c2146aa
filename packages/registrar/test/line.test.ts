import { lineRegistrar } from '../src/line.ts'
import { testRegistrar } from './contract.ts'
import { LINE_TOKEN, startLine } from './fakes/line.ts'

testRegistrar('Line', {
  start: () => startLine(),
  make: (options, token) => lineRegistrar({ ...options, token }),
  token: LINE_TOKEN,
  patterns: ['message.text', 'follow'],
  topics: ['follow', 'message.text'],
  others: ['follow'],
  fail(fake) {
    fake.state.status = 500
    return { at: Date.parse('2026-01-01T00:00:00Z'), status: 500, reason: 'ERROR_STATUS_CODE: 500' }
  },
  single: true,
  lacks: ['foreign', 'topics', 'remove'],
})
