import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { catalogue } from '@postern/providers/catalogue'
import { audit, type AuditReport } from '@postern/testing/audit'
import { networkCases } from '../../packages/cli/src/audit/network-cases.ts'
import { lifeOf } from '../../packages/cli/src/audit/observer.ts'
import { createWire } from '../../packages/cli/src/audit/wire.ts'

const KEY = `whsec_${Buffer.from('a key of thirty-two bytes, made up').toString('base64')}`

/** Receivers as tutorials show them, written after them, and the sender of each. */
export const TUTORIALS: Readonly<Record<string, string>> = {
  'express-raw.ts': 'stripe',
  'express-json.ts': 'github',
  'secret-unset.ts': 'github',
  'github-equals.ts': 'github',
  'github-methods.ts': 'github',
  'slack-receiver.ts': 'slack',
  'hono-sdk.ts': 'stripe',
  'shopify-buffer.ts': 'shopify',
  'standard-package.ts': 'standard-webhooks',
  'svix-package.ts': 'svix',
  'twilio-package.ts': 'twilio',
  'python_server.py': 'stripe',
  'flask_plain.py': 'github',
  'flask_debug.py': 'github',
}

interface Started {
  readonly url: string
  readonly ended: Promise<void>
  readonly stop: () => void
}

/** What an audit finds in one of them. */
export async function auditTutorial(file: string): Promise<AuditReport> {
  const about = catalogue.get(TUTORIALS[file]!)!
  const { url, ended, stop } = await startTutorial(file)
  const wire = createWire({ timeout: 5000 })
  try {
    return await audit({
      provider: about.create({ [about.secretOption!]: KEY }),
      url,
      send: wire.send,
      more: networkCases,
      life: lifeOf(url, undefined),
    })
  } finally {
    wire.close()
    stop()
    await ended
  }
}

function startTutorial(file: string): Promise<Started> {
  const path = fileURLToPath(new URL(`tutorials/${file}`, import.meta.url))
  const program = file.endsWith('.py') ? 'python3' : process.execPath
  const child = spawn(program, [path], {
    env: { ...process.env, SECRET: KEY, SECRET_OF_THE_OLD_APP: undefined },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void ended.then(() => process.off('exit', orphaned))
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, url] = /^listening (\S+)$/.exec(line) ?? []
      if (url !== undefined) resolve({ url, ended, stop: () => void child.kill('SIGKILL') })
    })
    void ended.then(() => reject(new Error(`${file} ended before it listened`)))
  })
}
