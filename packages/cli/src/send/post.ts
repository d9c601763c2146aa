import { readStart } from '@postern/core/internal'
import type { SignableRequest } from '@postern/core/scheme'
import { Failure, remark } from '../print/say.ts'
import { lasting } from '../print/style.ts'
import { shown, styled } from '../print/terminal.ts'
import { judge, type Verdict } from './answer.ts'
import { whyNot } from '../sender/why-not.ts'

/** The reply to a delivery, and who sent the reply. */
export interface Sent extends Verdict {
  readonly status: number
  readonly location?: string
  readonly ms: number
  readonly reply: string
}

// Maximum number of bytes to read from a reply, since the URL can belong to any program.
const SHOWN = 4096

/** Sends a signed request. Throws a `Failure` with exit code 3 if nothing answers. */
export async function post(request: SignableRequest, timeout: number): Promise<Sent> {
  const { url, method, headers, body } = request
  const empty = method === 'GET' || method === 'HEAD'
  const started = performance.now()
  try {
    const signal = AbortSignal.timeout(timeout)
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(!empty && { body }),
    })
    const reply = await readStart(response.body, SHOWN)
    const location = response.headers.get('location')
    // The reply may be cut off inside a character. With `stream`, this character is left out.
    const text = new TextDecoder().decode(reply, { stream: true })
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), text }
    return {
      status: response.status,
      ...(location !== null && { location }),
      ms: Math.round(performance.now() - started),
      reply: text,
      ...judge(answer, url),
    }
  } catch (error) {
    throw new Failure(3, `${new URL(url).origin} did not answer: ${whyNot(error)}`, {
      cause: error,
    })
  }
}

export function sentLine({ status, ms, reply, code }: Sent, name: string, topic: string): string {
  const sign = status < 300 ? styled('green', '●') : styled('red', '⊘')
  return `${sign} ${status}  ${lasting(ms)}  ${name}  ${shown(topic)}  ${shown(code ?? replyText(reply.trim()), 120)}`.trimEnd()
}

/** Describes a reply. An HTML page is described only by its title, because its markup says nothing. */
function replyText(reply: string): string {
  if (!/^(?:<!doctype html|<html)\b/i.test(reply)) return reply
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(reply)?.[1]?.trim()
  return `a page of HTML${title === undefined || title === '' ? '' : `, "${title}"`}`
}

/** Prints who answered, once per verdict. */
export function tellWho(all: readonly Sent[]): void {
  for (const says of new Set(all.map((one) => one.says)))
    if (says !== undefined) remark(`  ${says}`)
}
