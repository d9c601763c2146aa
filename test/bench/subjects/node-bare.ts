import { listen, type Subject } from './subject.ts'

/** node:http that drains the body and answers: what no receiver can be faster than. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start: () =>
    listen((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-length': '0' })
        response.end()
      })
    }),
}
