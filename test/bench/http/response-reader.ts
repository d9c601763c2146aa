/**
 * Creates a reader of HTTP/1.1 responses, which calls `done` with the status after each complete response. It supports
 * only `content-length` and chunked encoding, because the measured servers send nothing else.
 */
export function createResponseReader(done: (status: number) => void): (chunk: Buffer) => void {
  let text = ''
  return (chunk) => {
    text += chunk.toString('latin1')
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0 || !isWhole(text, headEnd + 4)) return
    const status = Number(text.slice(9, 12))
    text = ''
    done(status)
  }
}

function isWhole(text: string, bodyStart: number): boolean {
  const head = text.slice(0, bodyStart).toLowerCase()
  const length = /\r\ncontent-length: *(\d+)/.exec(head)
  if (length) return text.length - bodyStart >= Number(length[1])
  if (head.includes('\r\ntransfer-encoding: chunked')) return text.endsWith('0\r\n\r\n')
  return true
}
