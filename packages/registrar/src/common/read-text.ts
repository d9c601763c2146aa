import { RegistrarError } from '../errors.ts'

/** The largest answer that is read; a page of 100 deliveries of GitHub is below 100 KiB, one payload up to 25 MiB. */
const MOST = 32 * 1024 * 1024

/** The body as text. Throws `unexpected` beyond the bound, so that a wrong host cannot fill the memory. */
export async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MOST)
      throw new RegistrarError('unexpected', `the answer is larger than ${MOST} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
