import { describe, expect } from 'vitest'
import { durables } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'
import { NAMES, story } from './story.ts'

const TOLD = `What became of evt_123?
<time> accepted 200 invoice.paid
<time> duplicate 200 invoice.paid
mail: done after 3 attempts
Its attempts?
#1 retry SMTP 421 too many connections
#2 retry SMTP 421 too many connections
#3 done
What made no new event, and why?
<time> duplicate 200 invoice.paid
<time> rejected 401 signature_mismatch: <reason>
<time> rejected 401 timestamp_too_old: <reason>
<time> unhandled 200 customer.created
How many came?
accepted 2, duplicate 1, rejected 2, unhandled 1
Why were some rejected?
signature_mismatch 1, timestamp_too_old 1
How did the runs end?
dead 1, done 1, retry 2
What fails?
ledger: 1 dead, 0 retrying: UnrecoverableError: no account for this charge
Since when is the oldest task due?
none is due
And once the dead one is replayed, while no process works?
1 replayed
<time>`

// The inbox in memory keeps neither done tasks nor their attempts.
const FORGETFUL = TOLD.replace(
  'mail: done after 3 attempts',
  'its task is done: this inbox keeps no done tasks',
).replace(/#1[^]*#3 done/, 'as above')

describe.each(NAMES)('the story of six deliveries in %s', (name) => {
  needs(...(name === 'memory' ? [] : durables[name].programs)).test(
    'is told from the inbox alone',
    async () => {
      const lines = await story(name)
      const text = lines
        .join('\n')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
        .replaceAll(/(401 \w+): .+/g, '$1: <reason>')
        .replaceAll(/ +$/gm, '')
      expect(text).toBe(name === 'memory' ? FORGETFUL : TOLD)
    },
    120_000,
  )
})
