import { collect, takeRequest } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

/** node:http, hand-written: the reference of all ratios. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start: () =>
    listen(async (request, response) => {
      const body = await collect(request)
      response.writeHead(takeRequest(request, body), { 'content-length': '0' })
      response.end()
    }),
}
