import { parseJson, readBounded } from '@postern/core/scheme'
import { RegistrarError } from '../errors.ts'
import type { ApiAnswer } from './client-types.ts'

/** Bytes of an answer that are read at most; a payload of GitHub has up to 25 MiB. */
const MOST = 32 * 1024 * 1024

/** The answer with its body. Throws `unexpected` beyond the bound, so that a wrong host cannot fill the memory. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  const tooLarge = (): Error =>
    new RegistrarError('unexpected', `the answer is larger than ${MOST} bytes`)
  const text = new TextDecoder().decode(await readBounded(response.body, MOST, tooLarge))
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    // Ids of GitHub and others are 64-bit integers.
    return parseJson(text, { depth: 200, exact: true })
  } catch {
    return undefined
  }
}
