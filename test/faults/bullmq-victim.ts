import { bullmqInbox } from '@postern/bullmq'
import { startVictim } from './victim.ts'

const [connection = '', journal = ''] = process.argv.slice(2)

startVictim({
  // Short lease, so that tasks of a killed process run again within the run.
  inbox: bullmqInbox({ connection, lease: '500ms' }),
  journal,
})
