import { bullmqInbox } from '@postern/bullmq'
import { startVictim } from './victim.ts'

const [connection = '', journal = ''] = process.argv.slice(2)

startVictim({
  // A short lease, so that what a killed process held runs again within the run.
  inbox: bullmqInbox({ connection, lease: '500ms' }),
  journal,
})
