// A process that opens the file of a test: `node victim.ts <file> <lease> <ids of events>`. It stores these events as
// one delivery, and runs their tasks. `slow` runs until it has lost its task, and the others end at once. The process
// prints one line per step.
import type { Consumer, Outcome } from '@postern/core/engine'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { createTaskRecorder, DONE_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteInbox } from '../src/index.ts'

const [path, lease, ...ids] = process.argv.slice(2) as [string, '1h', ...string[]]
const { consumer } = createTaskRecorder({
  run: ({ event, onLost }) =>
    event.id === 'slow'
      ? new Promise<Outcome>((resolve) => {
          console.log('runs')
          onLost!(() => {
            console.log('is told to stop')
            resolve(DONE_OUTCOME)
          })
        })
      : DONE_OUTCOME,
})
const settled: Consumer['settled'] = (_claim, _outcome, stored) =>
  console.log(stored ? 'settled it' : 'was rejected')
const port = sqliteInbox({ path, lease }).attach({ ...consumer, settled })
port.work!()
await port.accept(intake(...ids.map((id) => item(id))), {})
setInterval(() => {}, 1000)
