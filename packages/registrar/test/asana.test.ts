import { asanaRegistrar } from '../src/asana.ts'
import { testRegistrar } from './contract.ts'
import { ASANA_TOKEN, startAsana } from './fakes/asana.ts'
import { another, off } from './fakes/rows.ts'

testRegistrar('Asana', {
  start: () => startAsana(),
  make: (options, token) => asanaRegistrar({ ...options, token, workspace: '12', resource: '34' }),
  token: ASANA_TOKEN,
  more: another('gid'),
  patterns: ['task.added', 'story.*'],
  topics: ['story.*', 'task.added'],
  others: ['task.added', 'task.changed'],
  fail(fake, id) {
    off({ last_failure_at: '2026-01-01T00:00:00Z', last_failure_content: '500' })(fake, id)
    return { at: Date.parse('2026-01-01T00:00:00Z'), reason: '500' }
  },
})
