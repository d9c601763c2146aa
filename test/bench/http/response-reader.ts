/**
 * Makes a reader of HTTP/1.1 responses that come one at a time: it tells the status when the whole response is there. It
 * knows `content-length` and chunks, which is all that servers send here.
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
