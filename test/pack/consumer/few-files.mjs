// What a process must load before it can receive: finding and opening a file costs more than running it.
import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'

const opened = []
registerHooks({
  load(url, context, next) {
    if (url.includes('/@postern/')) opened.push(url.slice(url.indexOf('@postern/')))
    return next(url, context)
  },
})
await import('@postern/express')
await import('@postern/providers/github')
assert.ok(
  opened.length > 0 && opened.length <= 10,
  `it uses ${opened.length}:\n${opened.join('\n')}`,
)
