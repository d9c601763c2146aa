import { randomBytes } from 'node:crypto'
import { readStart } from '@postern/core/scheme'
import { Failure } from '../print/failure.ts'
import { whyNot } from '../sender/why-not.ts'

const FILE = '/.well-known/postern-audit.txt'
const MOST = 1024

/** True if a URL leads to this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname) ||
    hostname === '[::1]'
  )
}

/**
 * Throws unless the owner of another host agrees: its name stands in `--yes`, and it serves a nonce that this command made.
 *
 * @throws Failure
 */
export async function requirePermission(
  url: string,
  { yes, nonce }: { readonly yes?: string; readonly nonce?: string },
): Promise<void> {
  if (isLoopback(url)) return
  const { hostname, origin } = new URL(url)
  if (yes !== hostname)
    throw new Failure(
      2,
      `${hostname} is another host: give --yes ${hostname} if it is yours; an audit sends it forged and odd requests`,
    )
  if (nonce === undefined)
    throw new Failure(2, `${hostname} must show that it is yours: serve the nonce, and say it`, {
      rows: [
        `  serve  ${origin}${FILE} with this text`,
        `  say    --nonce postern-audit-${randomBytes(16).toString('hex')}`,
      ],
    })
  if (!/^postern-audit-[\da-f]{32}$/.test(nonce))
    throw new Failure(2, '--nonce must be one that this command made: leave it out to get one')
  if ((await served(origin)).trim() !== nonce)
    throw new Failure(2, `${origin}${FILE} must serve the text of --nonce and nothing else`)
}

async function served(origin: string): Promise<string> {
  try {
    const response = await fetch(`${origin}${FILE}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    return response.ok ? new TextDecoder().decode(await readStart(response.body, MOST)) : ''
  } catch (error) {
    throw new Failure(3, `${origin}${FILE} did not answer: ${whyNot(error)}`, { cause: error })
  }
}
