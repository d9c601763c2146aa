import { linearRegistrar } from '../src/linear.ts'
import { testRegistrar } from './contract.ts'
import { LINEAR_TOKEN, startLinear } from './fakes/linear.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Linear', {
  start: () => startLinear(),
  make: (options, token) => linearRegistrar({ ...options, token }),
  token: LINEAR_TOKEN,
  more: another(),
  patterns: ['Issue.create', 'Comment'],
  topics: ['Comment', 'Issue'],
  others: ['Issue', 'Project'],
  apply: { onSecret: () => {} },
  limited: (seconds) => ({
    status: 400,
    headers: { 'retry-after': String(seconds) },
    json: { errors: [{ message: 'Rate limit exceeded', extensions: { type: 'ratelimited' } }] },
  }),
  disable: off({ enabled: false }),
  shownSecret: member('secret'),
  secretOf: member('secret'),
  rotatedBy: 'sender',
  fail(fake, id) {
    const failures = member('failures')(fake, id) as object[]
    failures.push({ createdAt: '2026-01-01T00:00:00Z', httpStatus: 502 })
    return { at: Date.parse('2026-01-01T00:00:00Z'), status: 502 }
  },
})
