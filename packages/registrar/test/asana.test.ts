import { asanaRegistrar } from '../src/asana.ts'
import { testRegistrar } from './contract.ts'
import { ASANA_TOKEN, startAsana } from './fakes/asana.ts'

testRegistrar('Asana', {
  start: () => startAsana(),
  make: (options, token) => asanaRegistrar({ ...options, token, workspace: '12', resource: '34' }),
  token: ASANA_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], gid: `more-${at}` }),
  url: 'https://app.example/asana',
  old: 'https://old.example/asana',
  patterns: ['task.added', 'story.*'],
  topics: ['story.*', 'task.added'],
  others: ['task.added', 'task.changed'],
  fail(fake, id) {
    const failure = { last_failure_at: '2026-01-01T00:00:00Z', last_failure_content: '500' }
    Object.assign(
      fake.rows.find((each) => each.gid === id),
      failure,
    )
    return { at: Date.parse('2026-01-01T00:00:00Z'), reason: '500' }
  },
})
