// Serves one subject, named by the argument, and answers the controller's questions.
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
