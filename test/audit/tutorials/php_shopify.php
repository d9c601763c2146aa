<?php
// As the page of a shop sender shows it: a function that verifies, hash_equals, and the work in the same script.
define('APP_SECRET', getenv('SECRET'));

function verify_webhook($data, $signature)
{
    $right = base64_encode(hash_hmac('sha256', $data, APP_SECRET, true));
    return hash_equals($right, $signature);
}

$data = file_get_contents('php://input');
$verified = verify_webhook($data, $_SERVER['HTTP_X_SHOPIFY_HMAC_SHA256']);
error_log('Webhook verified: ' . var_export($verified, true));
if ($verified) {
    $order = json_decode($data, true);
    error_log('Order ' . $order['id']);
} else {
    http_response_code(401);
}
