import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { SignableRequest } from '@postern/core/scheme'
import { signedInit } from '@postern/testing'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { providerOf, type SenderOptions } from '../sender.ts'
import { newKey } from '../new-key.ts'
import { lasting, shown, styled } from '../style.ts'

/** Options of `postern send`. */
export interface SendOptions extends SenderOptions {
  readonly to: string
  readonly data?: string
  readonly set?: readonly string[]
  readonly count: string
  readonly rate?: string
  readonly duplicate?: boolean
  readonly tamper?: boolean
  readonly stale?: boolean
  readonly timeout: string
  readonly json?: boolean
}

/** How a delivery was answered. */
export interface Sent {
  readonly status: number
  readonly ms: number
  readonly reply: string
}

/** `postern send`: signed deliveries to a URL. Exit code 1 if one was refused, 3 without an answer. */
export async function sendCommand(
  name: string,
  topic: string | undefined,
  options: SendOptions,
): Promise<ExitCode> {
  const { provider, about } = await providerOf(name, options, newKey)
  if (!provider.sign)
    throw new Failure(2, `${about.title} cannot be sent: only the sender has the key that signs`)
  if (!URL.canParse(options.to)) throw new Failure(2, `--to must be a URL, got ${options.to}`)
  const count = numberOption('--count', options.count)
  const rate = options.rate === undefined ? undefined : numberOption('--rate', options.rate)
  const payload = await payloadOf(options)
  const one = await makeOne()
  let failed = 0
  const all: Sent[] = []
  for (let at = 0; at < count; at++) {
    if (at > 0 && rate !== undefined) await wait(1000 / rate)
    const request = at === 0 ? one : options.duplicate ? one : await makeOne()
    const times = options.duplicate && count === 1 ? 2 : 1
    for (let again = 0; again < times; again++) {
      const sent = await post(request, numberOption('--timeout', options.timeout) * 1000)
      all.push(sent)
      if (sent.status >= 300) failed++
      if (!options.json && count <= 20) say(line(sent, name, topic))
    }
    if (count > 20 && process.stderr.isTTY) process.stderr.write(`\r${at + 1} of ${count}`)
  }
  if (count > 20 && process.stderr.isTTY) process.stderr.write('\n')
  if (options.json) say(JSON.stringify(all, undefined, 2))
  else if (count > 1) remark(`${all.length} sent, ${failed} not taken`)
  return failed === 0 ? 0 : 1

  async function makeOne(): Promise<SignableRequest> {
    const at = options.stale ? Date.now() - 86_400_000 : undefined
    const made = await signedInit(provider, topic, payload, {
      url: options.to,
      ...(at !== undefined && { at }),
    })
    return options.tamper ? tampered(made) : made
  }
}

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
    const reply = await response.text()
    return {
      status: response.status,
      ms: Math.round(performance.now() - started),
      reply: reply.slice(0, 4096),
    }
  } catch (error) {
    const { cause, message } = error as Error
    const reason = (cause as { code?: string } | undefined)?.code ?? message
    throw new Failure(3, `${new URL(url).origin} did not answer: ${reason}`, { cause: error })
  }
}

function line({ status, ms, reply }: Sent, name: string, topic: string | undefined): string {
  const sign = status < 300 ? styled('green', '●') : styled('red', '⊘')
  return `${sign} ${status}  ${lasting(ms)}  ${name}  ${topic ?? ''}  ${shown(reply.trim(), 120)}`.trimEnd()
}

/** The same request with one byte of its body changed, so that its signature must not match. */
function tampered(request: SignableRequest): SignableRequest {
  const body = Uint8Array.from(request.body)
  const text = new TextDecoder().decode(body)
  const digit = text.search(/[a-z]/)
  if (digit < 0) return { ...request, body: Uint8Array.from([...body, 32]) }
  body[digit] = body[digit] === 97 ? 98 : 97
  return { ...request, body }
}

async function payloadOf({ data, set = [] }: SendOptions): Promise<unknown> {
  if (data === undefined && set.length === 0) return undefined
  const payload = data === undefined ? {} : jsonOf(await textOf(data))
  for (const one of set) {
    const [, path, value] = /^([^=]+)=(.*)$/s.exec(one) ?? []
    if (path === undefined) throw new Failure(2, `--set must be a.b=value, got ${one}`)
    put(payload as Record<string, unknown>, path.split('.'), valueOf(value!))
  }
  return payload
}

async function textOf(data: string): Promise<string> {
  if (!data.startsWith('@')) return data
  try {
    return await readFile(data.slice(1), 'utf8')
  } catch (error) {
    throw new Failure(2, `--data: ${data.slice(1)} cannot be read`, { cause: error })
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Failure(2, `--data must be JSON, or @file: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function put(
  target: Record<string, unknown>,
  [first, ...rest]: readonly string[],
  value: unknown,
): void {
  // Not by assignment: a member named __proto__ must stay a member.
  const define = (member: unknown): void =>
    void Object.defineProperty(target, first!, {
      value: member,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  if (rest.length === 0) return define(value)
  const own: unknown = Object.hasOwn(target, first!) ? target[first!] : undefined
  const inner = typeof own === 'object' && own !== null ? own : {}
  define(inner)
  put(inner as Record<string, unknown>, rest, value)
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function numberOption(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Failure(2, `${name} must be a number above 0, got ${text}`)
  return value
}
