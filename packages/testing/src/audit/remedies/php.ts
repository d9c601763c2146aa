import type { RemedyLines } from './remedy-ids.ts'

/** For PHP. */
export const phpLines: RemedyLines = {
  verify: [
    "$right = hash_hmac('sha256', $raw, $secret);",
    'if (!hash_equals($right, $signature)) { http_response_code(401); exit; }',
  ],
  compare: [
    '// the whole text, the known one first',
    'if (!hash_equals($right, $signature)) { http_response_code(401); exit; }',
  ],
  secret: [
    "$secret = getenv('WEBHOOK_SECRET');",
    "if (!$secret || $secret[0] === '<' || str_ends_with($secret, '...')) { http_response_code(500); exit; }",
  ],
  algorithm: [
    "$found = preg_match('/^sha256=([0-9a-f]{64})$/D', $_SERVER['HTTP_X_HUB_SIGNATURE_256'] ?? '', $match);",
    'if (!$found) { http_response_code(401); exit; } $signature = $match[1];',
  ],
  'raw-body': [
    "$raw = file_get_contents('php://input'); // not $_POST",
    '$event = json_decode($raw, true, 64);',
  ],
  freshness: [
    '$age = abs(time() - (int) $signedTime); // the time that was signed',
    'if ($age > 300) { http_response_code(401); exit; }',
  ],
  'after-verify': ['// below the line that refuses with 401', '$handle($event);'],
  route: [
    "if ($_SERVER['REQUEST_METHOD'] !== 'POST') { http_response_code(405); exit; }",
    "if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/webhooks') { http_response_code(404); exit; }",
  ],
  handshake: [
    '// once the signature is verified',
    "if ($event['type'] === 'url_verification') { echo json_encode(['challenge' => $event['challenge']]); exit; }",
  ],
  dedupe: [
    "$insert = $db->prepare('INSERT IGNORE INTO seen (id) VALUES (?)'); $insert->execute([$id]); // in one transaction with the work",
    'if ($insert->rowCount() === 0) { http_response_code(200); exit; }',
  ],
  'ignore-topics': [
    '$handle = $handlers[$topic] ?? null;',
    'if ($handle === null) { http_response_code(200); exit; }',
  ],
  'answer-first': [
    "$db->prepare('INSERT INTO jobs (body) VALUES (?)')->execute([$raw]); // a worker does the rest",
    'http_response_code(202);',
  ],
  'body-limit': ['; php.ini: as much as the largest body of the sender', 'post_max_size = 25M'],
  'odd-bodies': [
    '$event = json_decode($raw, true, 64); // null if it is no JSON',
    'if (!is_array($event) || array_is_list($event)) { http_response_code(400); exit; }',
  ],
  crash: [
    'set_exception_handler(function () { http_response_code(500); });',
    '// and a server that starts workers again, as php-fpm does',
  ],
  timeouts: ['; php.ini', 'max_input_time = 10'],
  stack: [
    '; php.ini, where a script is too late: a large body warns before it starts',
    'display_errors = Off',
  ],
  quiet: [
    "error_log('a webhook was refused'); // no headers, no secret, no signature",
    'http_response_code(401);',
  ],
}
