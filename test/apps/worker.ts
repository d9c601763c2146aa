import type { About } from '@postern/core/scheme'
import { signedInit } from '@postern/testing'
import { upper, variablesOf } from '../../packages/cli/src/sender/sender.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, startWorkerd } from '../services/workerd.ts'

/**
 * Runs a Cloudflare app in workerd and sends it a delivery of its provider. `others` are providers whose secrets the
 * Worker gets too. Resolves with the reply's status and the topic that the handler prints.
 */
export async function runWorker(
  file: string,
  about: About,
  others: readonly About[] = [],
): Promise<readonly [status: number, topic: string]> {
  const example = about.example as Readonly<Record<string, string>>
  const texts = Object.fromEntries([...others, about].flatMap(secretsOf))
  const folder = await temporaryFolder('written-worker')
  const workerd = await startWorkerd({ folder, code: await bundleWorker(file), texts })
  try {
    const url = `${workerd.url}/webhooks/${about.name}`
    const init = await signedInit(about.create(example), about.topics[0], undefined, { url })
    const { method, headers, body } = init
    const { status } = await fetch(init.url, {
      method,
      headers: headers as HeadersInit,
      ...(method === 'GET' ? {} : { body: body as BodyInit }),
    })
    return [status, status < 300 ? await workerd.printed(/^\S+/) : workerd.errors()]
  } finally {
    await workerd.kill()
    await removeFolder(folder)
  }
}

function secretsOf(about: About): readonly (readonly [name: string, value: string])[] {
  return Object.entries(about.example as Readonly<Record<string, string>>).map(
    ([option, value]) => [
      option === about.secretOption
        ? variablesOf(about)[0]!
        : `${upper(about.name)}_${upper(option)}`,
      value,
    ],
  )
}
