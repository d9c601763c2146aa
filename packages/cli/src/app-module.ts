import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Receiver } from '@postern/core'
import { Failure } from './print/say.ts'
import { aboutOf, secretOfItsForm, variablesOf } from './sender/sender.ts'

/**
 * Imports a module of the app and returns the receivers that it exports. The receivers run no tasks in this process. A
 * secret may be unknown, because the provider will create it. Then the secret's environment variable holds a made-up
 * secret during the import.
 */
export async function exportedReceivers(
  file: string,
  providers: readonly string[],
): Promise<readonly Receiver[]> {
  const path = resolve(file)
  if (!existsSync(path)) throw new Failure(2, `--from: ${file} does not exist`)
  // Receivers of any copy of @postern/core read this flag, and then run no tasks.
  Object.assign(globalThis, { [Symbol.for('postern.tool')]: true })
  const abouts = await Promise.all(providers.map(aboutOf))
  const isKnown = (name: string): boolean => Boolean(process.env[name])
  const unknown: string[] = []
  for (const about of abouts.filter((one) => !variablesOf(one).some(isKnown)))
    for (const name of variablesOf(about))
      if (!isKnown(name)) {
        process.env[name] = secretOfItsForm(about)
        unknown.push(name)
      }
  const module = await load(path, file)
  for (const name of unknown) Reflect.deleteProperty(process.env, name)
  const exported = Object.values(module).flatMap((one) => (Array.isArray(one) ? one : [one]))
  const found = [...new Set(exported.filter(isReceiver))]
  if (found.length === 0)
    throw new Failure(
      2,
      `--from: ${file} exports no receiver; give the module that has \`export const receiver = createReceiver({ … })\``,
    )
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Closes receivers. Soon after, ends the process, because open connections of the app's module would keep it running.
 */
export async function closeAll(receivers: readonly Receiver[]): Promise<void> {
  if (receivers.length === 0) return
  await Promise.all(receivers.map((receiver) => receiver.close({ timeout: '1s' })))
  setTimeout(() => process.exit(), 500).unref()
}

async function load(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new Failure(
        2,
        `--from: Node.js ${process.version} cannot load ${file}; give the built JavaScript file, or use Node.js 22.18 or newer`,
      )
    throw new Failure(2, `--from: ${file} cannot be loaded: ${String(message)}`, {
      cause: error,
    })
  }
}

// Checks members, not the class, because the module may import another copy of @postern/core.
function isReceiver(value: unknown): value is Receiver {
  if (typeof value !== 'object' || value === null) return false
  const { name, topics, provider, onClose } = value as Partial<Receiver>
  return (
    typeof name === 'string' &&
    Array.isArray(topics) &&
    typeof provider?.name === 'string' &&
    typeof onClose === 'function'
  )
}
