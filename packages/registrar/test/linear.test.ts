import { linearRegistrar } from '../src/linear.ts'
import { testRegistrar } from './contract.ts'
import { LINEAR_TOKEN, startLinear } from './fakes/linear.ts'

testRegistrar('Linear', {
  start: () => startLinear(),
  make: (options, token) => linearRegistrar({ ...options, token }),
  token: LINEAR_TOKEN,
  url: 'https://app.example/linear',
  old: 'https://old.example/linear',
  patterns: ['Issue.create', 'Comment'],
  topics: ['Comment', 'Issue'],
  others: ['Issue', 'Project'],
  apply: { onSecret: () => {} },
  limited: (seconds) => ({
    status: 400,
    headers: { 'retry-after': String(seconds) },
    json: { errors: [{ message: 'Rate limit exceeded', extensions: { code: 'RATELIMITED' } }] },
  }),
})
