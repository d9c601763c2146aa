// Serves one subject (first argument) and reports its usage to the controller.
import { handledSoFar } from '../counter.ts'
import { subjects } from '../subjects/subjects.ts'
import type { ServerUse } from './messages.ts'

const port = await subjects[process.argv[2]!]!.start()

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const use: ServerUse = {
    cpu: user + system,
    rss: process.memoryUsage.rss(),
    handled: handledSoFar(),
  }
  process.send!(use)
})
process.on('disconnect', () => process.exit())
process.send!({ port })
