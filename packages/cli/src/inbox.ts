import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Inbox } from '@postern/core/inbox'
import type { Migrated } from '@postern/core/engine'
import { places, placesTold, type InboxOptions } from './inboxes.ts'
import { Failure } from './print/say.ts'

/** Inbox that is open for a command. It runs no tasks. */
export interface OpenInbox extends Pick<Inbox, 'name'>, Required<Pick<Inbox, 'view'>> {
  readonly journal: Inbox['journal']
}

/**
 * Opens an inbox, calls `use`, and closes the inbox. `changes` is true if the command changes tasks; otherwise the
 * inbox is opened read-only.
 */
export async function withInbox<Result>(
  options: InboxOptions,
  use: (inbox: OpenInbox) => Promise<Result>,
  changes = false,
): Promise<Result> {
  const inbox = await openInbox(options, changes)
  try {
    const { view, journal, name } = inbox
    if (!view) throw new Failure(2, `${name} cannot list its tasks`)
    return await use({ view, journal, name })
  } finally {
    await inbox.close()
  }
}

/**
 * Opens the inbox that the options name. The caller must close the inbox. Without `changes`, nothing is written, so a
 * read-only database role is enough.
 */
export async function openInbox(options: InboxOptions, changes = false): Promise<Inbox> {
  const { module, factory, place } = await chosenOf(options)
  return (module[factory] as (options: object) => Inbox)({ ...place, readOnly: !changes })
}

export async function migrateInbox(options: InboxOptions, force: boolean): Promise<Migrated> {
  const { module, place } = await chosenOf(options)
  const migrate = module['migrate'] as (options: object) => Promise<Migrated> | Migrated
  try {
    return await migrate({ ...place, force })
  } catch (error) {
    if (error instanceof TypeError) throw new Failure(1, error.message)
    throw error
  }
}

/** Finds the inbox that the options name. Returns its package, the name of its factory, and the factory's option. */
async function chosenOf(options: InboxOptions): Promise<{
  readonly module: Readonly<Record<string, unknown>>
  readonly factory: string
  readonly place: Readonly<Record<string, string>>
}> {
  const given = places.flatMap((row) => {
    const value = options[row.place.flag]
    return value === undefined ? [] : [{ ...row, value }]
  })
  const [chosen, ...more] = given
  if (chosen === undefined || more.length > 0) throw new Failure(2, `give one of ${placesTold()}`)
  const { package: name, factory, place, value } = chosen
  // A missing file is an error here, because opening the inbox would create it.
  if (place.takes === 'file' && !existsSync(value))
    throw new Failure(1, `--${place.flag}: ${value} does not exist`)
  const module = await ofProject<Readonly<Record<string, unknown>>>(name)
  return { module, factory, place: { [place.option]: value } }
}

/**
 * Imports a package from the project in the current folder, so that this command runs the same version as the app. If
 * the project does not have the package, imports the copy that is installed with this CLI.
 */
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
