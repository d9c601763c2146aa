import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Receiver } from '@postern/core'
import { Failure } from '../print/failure.ts'
import { aboutOf, variablesOf } from '../sender/sender.ts'

/**
 * The receivers that a module of the app exports. They run no tasks in this process, and are closed with it. If a provider
 * is named whose secret is not known yet, since its sender will make it, the module finds a random one in its place.
 */
export async function exportedReceivers(
  file: string,
  provider: string | undefined,
): Promise<readonly Receiver[]> {
  const path = resolve(file)
  if (!existsSync(path)) throw new Failure(2, `--from: ${file} does not exist`)
  // Receivers of any copy of @postern/core look for this mark.
  Object.assign(globalThis, { [Symbol.for('postern.tool')]: true })
  const variables = provider === undefined ? [] : variablesOf(await aboutOf(provider))
  const [unknown] = variables.some((name) => process.env[name]) ? [] : variables
  if (unknown !== undefined) process.env[unknown] = `whsec_${randomBytes(24).toString('base64')}`
  const module = await load(path, file)
  if (unknown !== undefined) Reflect.deleteProperty(process.env, unknown)
  const exported = Object.values(module).flatMap((one) => (Array.isArray(one) ? one : [one]))
  const found = [...new Set(exported.filter(isReceiver))]
  if (found.length === 0)
    throw new Failure(
      2,
      `--from: ${file} exports no receiver; give the module that has \`export const receiver = createReceiver({ … })\``,
    )
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Closes receivers, and ends the process although the app's own connections are open. */
export async function closeAll(receivers: readonly Receiver[]): Promise<void> {
  if (receivers.length === 0) return
  await Promise.all(receivers.map((receiver) => receiver.close({ timeout: '1s' })))
  // What the app's module opened beside its receivers would keep the process alive.
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

// The module's copy of @postern/core may be another one than ours.
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
