import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Inbox, InboxView, Journal } from '@postern/core/inbox'
import { Failure } from './outcome.ts'

/** The place of an inbox: one of these options. */
export interface InboxOptions {
  readonly sqlite?: string
  readonly redis?: string
  readonly postgres?: string
}

/** An inbox that was opened for looking: no tasks run. */
export interface OpenInbox {
  readonly view: InboxView
  readonly journal: Journal | undefined
  readonly name: string
}

/** Opens an inbox for a command and closes it after. */
export async function withInbox<Result>(
  options: InboxOptions,
  use: (inbox: OpenInbox) => Promise<Result>,
): Promise<Result> {
  const inbox = await openInbox(options)
  try {
    if (!inbox.view) throw new Failure(2, `${inbox.name} keeps no tasks to look at`)
    return await use({ view: inbox.view, journal: inbox.journal, name: inbox.name })
  } finally {
    await inbox.close()
  }
}

/** Opens the inbox of the options; the caller closes it. */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  const { sqlite, redis, postgres } = options
  if ([sqlite, redis, postgres].filter((one) => one !== undefined).length !== 1)
    throw new Failure(2, 'give one of --sqlite file, --redis url and --postgres url')
  if (sqlite !== undefined) {
    // The inbox would make the file.
    if (!existsSync(sqlite)) throw new Failure(1, `--sqlite: ${sqlite} does not exist`)
    const { sqliteInbox } = await import('@postern/sqlite')
    return sqliteInbox({ path: sqlite })
  }
  if (redis !== undefined) {
    const { bullmqInbox } = await ofProject<{
      readonly bullmqInbox: (options: { connection: string }) => Inbox
    }>('@postern/bullmq')
    return bullmqInbox({ connection: redis })
  }
  const { pgBossInbox } = await ofProject<{
    readonly pgBossInbox: (options: { connectionString: string }) => Inbox
  }>('@postern/pg-boss')
  return pgBossInbox({ connectionString: postgres! })
}

/** A package of the project in this folder: the versions of its engine are those of the app. */
async function ofProject<Module>(name: string): Promise<Module> {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    let file: string
    try {
      file = createRequire(from).resolve(name)
    } catch {
      continue
    }
    return (await import(pathToFileURL(file).href)) as Module
  }
  throw new Failure(
    2,
    `${name} is not installed in this folder: run it where your app is, or npm install ${name}`,
  )
}
