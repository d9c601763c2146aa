import { linearRegistrar } from '../src/linear.ts'
import { testRegistrar } from './contract.ts'
import { LINEAR_TOKEN, startLinear } from './fakes/linear.ts'

testRegistrar('Linear', {
  start: () => startLinear(),
  make: (options, token) => linearRegistrar({ ...options, token }),
  token: LINEAR_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/linear',
  old: 'https://old.example/linear',
  patterns: ['Issue.create', 'Comment'],
  topics: ['Comment', 'Issue'],
  others: ['Issue', 'Project'],
  apply: { onSecret: () => {} },
  limited: (seconds) => ({
    status: 400,
    headers: { 'retry-after': String(seconds) },
    json: { errors: [{ message: 'Rate limit exceeded', extensions: { type: 'ratelimited' } }] },
  }),
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { enabled: false },
    ),
  shownSecret: (fake, id) => fake.rows.find((each) => each.id === id).secret,
  secretOf: (fake, id) => fake.rows.find((each) => each.id === id).secret,
  rotatedBy: 'sender',
  fail(fake, id) {
    fake.rows
      .find((each) => each.id === id)
      .failures.push({ createdAt: '2026-01-01T00:00:00Z', httpStatus: 502 })
    return { at: Date.parse('2026-01-01T00:00:00Z'), status: 502 }
  },
})
