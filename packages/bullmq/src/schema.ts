import { run, type Client } from './connection.ts'

// The layout of keys and fields, and the oldest one whose processes may work beside it. An additive change raises the
// first alone, so that in a rolling upgrade the processes of the version before go on.
const VERSION = 1
const OLDEST = 1

/** Notes the version of this process in the store. Resolves with why it must not work there, or undefined. */
export async function schemaRefusal(client: Client, prefix: string): Promise<string | undefined> {
  const stored = await run(client, 'posternSchema', prefix, VERSION, OLDEST)
  const [version, oldest] = stored as readonly [number, number]
  if (oldest <= VERSION) return undefined
  return `bullmqInbox: the keys of prefix ${prefix} have version ${version}, on which processes of version ${oldest} and later may work, and this one has ${VERSION}: it takes no deliveries and runs no tasks; update @postern/bullmq, or give another prefix`
}
