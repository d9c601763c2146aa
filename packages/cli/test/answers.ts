// Replies to a POST by frameworks, proxies and receivers, and what the command line says about who replied. The texts
// are copied from Express 5.3.0, Fastify 5.12.8, Koa 3.3.0, Hono 4.13.19, Vite 8.3.8 (npm); SvelteKit
// packages/kit/src/runtime/server/respond.js; NestJS 12 exceptions; Django 5 views/csrf.py; Laravel 12 (419).

export interface AnswerCase {
  readonly from: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly by: 'receiver' | 'other' | undefined
  readonly says?: string
}

const HTML = { 'content-type': 'text/html; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const PROBLEM = { 'content-type': 'application/problem+json' }
const pre = (text: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>${text}</pre>\n</body>\n</html>\n`
const problem = (code: string, status: number): string =>
  JSON.stringify({ title: code.replaceAll('_', ' '), status, code })

// prettier-ignore
export const ANSWERS: readonly AnswerCase[] = [
  { from: 'receiver, accepted', status: 200, by: undefined },
  { from: 'receiver, another secret', status: 401, headers: PROBLEM, body: problem('signature_mismatch', 401), by: 'receiver', says: 'verifies with another secret' },
  { from: 'receiver, body parser', status: 500, headers: PROBLEM, body: problem('body_consumed', 500), by: 'receiver', says: 'mount the receiver before it' },
  { from: 'receiver, no subscription', status: 404, headers: PROBLEM, body: problem('unhandled_topic', 404), by: 'receiver', says: 'add receiver.on(' },
  { from: 'receiver, inbox down', status: 503, headers: PROBLEM, body: problem('inbox_unavailable', 503), by: 'receiver', says: "the app's log says why" },
  { from: 'problem details of another program', status: 401, headers: PROBLEM, body: '{"type":"https://a.example/x","title":"No","status":401,"code":"signature_mismatch"}', by: 'other', says: 'a guard, middleware' },
  { from: 'a code in plain JSON', status: 401, headers: JSON_TYPE, body: problem('signature_mismatch', 401), by: 'other', says: 'a guard, middleware' },
  { from: 'Express, wrong path', status: 404, headers: HTML, body: pre('Cannot POST /none'), by: 'other', says: 'no route is at /webhooks/github' },
  { from: 'Express, csrf-csrf', status: 403, headers: HTML, body: pre('ForbiddenError: invalid csrf token<br> at …'), by: 'other', says: 'CSRF protection answered; mount the receiver before it' },
  { from: 'Express, express.json()', status: 400, headers: HTML, body: pre('SyntaxError: Unexpected token &#39;p&#39;, &quot;payload=&quot; is not valid JSON<br> at JSON.parse'), by: 'other', says: 'a body parser answered' },
  { from: 'Express, body limit', status: 413, headers: HTML, body: pre('PayloadTooLargeError: request entity too large'), by: 'other', says: 'found the body too large' },
  { from: 'Express, a throw', status: 500, headers: HTML, body: pre('Error: db down<br> at …'), by: 'other', says: 'the app failed' },
  { from: 'Fastify, wrong path', status: 404, headers: JSON_TYPE, body: '{"message":"Route POST:/none not found","error":"Not Found","statusCode":404}', by: 'other', says: 'no route is at' },
  { from: 'Fastify, content type', status: 415, headers: JSON_TYPE, body: '{"statusCode":415,"code":"FST_ERR_CTP_INVALID_MEDIA_TYPE","error":"Unsupported Media Type","message":"Unsupported Media Type"}', by: 'other', says: 'does not know the content type' },
  { from: 'Koa, wrong path', status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Not Found', by: 'other', says: 'no route is at' },
  { from: 'Hono, basicAuth', status: 401, headers: { 'www-authenticate': 'Basic realm="Secure Area"' }, body: 'Unauthorized', by: 'other', says: 'a login of the app or of a proxy' },
  { from: 'NestJS, guard', status: 403, headers: JSON_TYPE, body: '{"message":"Forbidden resource","error":"Forbidden","statusCode":403}', by: 'other', says: 'a guard, middleware' },
  { from: 'NestJS, throttler', status: 429, headers: JSON_TYPE, body: '{"statusCode":429,"message":"ThrottlerException: Too Many Requests"}', by: 'other', says: 'a rate limiter answered; exempt /webhooks/github' },
  { from: 'app, guard', status: 401, headers: JSON_TYPE, body: '{"error":"login please"}', by: 'other', says: 'a guard, middleware' },
  { from: 'Next.js, no POST in the route', status: 405, by: 'other', says: 'mount the receiver for all methods' },
  { from: 'Next.js, page at the path', status: 200, headers: HTML, body: '<!DOCTYPE html><html><head><title>Shop</title></head></html>', by: 'other', says: 'a page of HTML answered, and no receiver' },
  { from: 'Next.js, trailingSlash', status: 308, headers: { location: '/webhooks/github/' }, by: 'other', says: 'with or without the slash at its end' },
  { from: 'login, redirect', status: 307, headers: { location: '/sign-in?from=%2Fwebhooks%2Fgithub' }, by: 'other', says: 'a login answered: it redirects to /sign-in?from=%2Fwebhooks%2Fgithub; exempt /webhooks/github from the login' },
  { from: 'Auth.js, redirect', status: 302, headers: { location: 'http://localhost/api/auth/signin' }, by: 'other', says: 'a login answered' },
  { from: 'Clerk, auth.protect()', status: 404, headers: { ...HTML, 'x-clerk-auth-status': 'signed-out', 'x-clerk-auth-reason': 'dev-browser-missing' }, body: '<!DOCTYPE html><html></html>', by: 'other', says: 'Clerk protects this route' },
  { from: 'another host, redirect', status: 301, headers: { location: 'https://www.shop.example/webhooks/github' }, by: 'other', says: 'give the URL that answers at once' },
  { from: 'Vite, Host', status: 403, headers: { 'content-type': 'text/plain' }, body: 'Blocked request. This host ("x.trycloudflare.com") is not allowed.\nTo allow this host, add "x.trycloudflare.com" to `server.allowedHosts` in vite.config.js.', by: 'other', says: 'server.allowedHosts' },
  { from: 'webpack-dev-server, Host', status: 403, body: 'Invalid Host header', by: 'other', says: 'rejected the Host header' },
  { from: 'SvelteKit and Astro, form', status: 403, body: 'Cross-site POST form submissions are forbidden', by: 'other', says: 'CSRF check rejected the form, which has no Origin header' },
  { from: 'Django, CSRF', status: 403, headers: HTML, body: '<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><p>CSRF verification failed. Request aborted.</p></body></html>', by: 'other', says: 'CSRF protection answered' },
  { from: 'Laravel, CSRF', status: 419, headers: HTML, body: '<!DOCTYPE html><html><head><title>Page Expired</title></head></html>', by: 'other', says: 'CSRF protection answered' },
  { from: 'nginx, body limit', status: 413, headers: { ...HTML, server: 'nginx' }, body: '<html>\r\n<head><title>413 Request Entity Too Large</title></head>', by: 'other', says: 'parser or proxy found the body too large' },
  { from: 'nginx, app down', status: 502, headers: { ...HTML, server: 'nginx' }, body: '<html>\r\n<head><title>502 Bad Gateway</title></head>', by: 'other', says: 'does not reach the app' },
  { from: 'Cloudflare, challenge', status: 403, headers: { ...HTML, 'cf-mitigated': 'challenge' }, body: '<!DOCTYPE html><html><head><title>Just a moment...</title>', by: 'other', says: 'without a challenge' },
  { from: 'Cloudflare, tunnel gone', status: 530, headers: HTML, body: 'error code: 1033', by: 'other', says: 'start the tunnel again' },
  { from: 'ngrok, tunnel gone', status: 404, headers: { ...HTML, 'ngrok-error-code': 'ERR_NGROK_3200' }, body: '<!DOCTYPE html>', by: 'other', says: 'ngrok answered (ERR_NGROK_3200)' },
  { from: 'Vercel, protection', status: 401, headers: { ...HTML, server: 'Vercel' }, body: '<!doctype html><title>Authentication Required</title>', by: 'other', says: 'Deployment Protection' },
  { from: 'python -m http.server', status: 501, headers: HTML, body: '<!DOCTYPE HTML>', by: 'other', says: 'does not accept this method' },
]
