// Serves one subject, named by the argument, and answers the controller's questions.
import { handledSoFar } from '../counter.ts'
import type { Subject } from '../subjects/subject.ts'
import type { ServerUse } from './messages.ts'

const { subject } = (await import(`../subjects/${process.argv[2]}.ts`)) as { subject: Subject }
const port = await subject.start()

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
