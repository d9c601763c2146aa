<?php
// As a gist of many copies shows it: the algorithm and the hash out of the header, the raw input, and !==.
[$algorithm, $hash] = explode('=', $_SERVER['HTTP_X_HUB_SIGNATURE_256'], 2);
if (!in_array($algorithm, hash_algos(), true)) {
    throw new Exception("The algorithm '$algorithm' is not supported.");
}
$raw = file_get_contents('php://input');
if ($hash !== hash_hmac($algorithm, $raw, getenv('SECRET'))) {
    throw new Exception('The secret does not match.');
}
$payload = json_decode($_SERVER['CONTENT_TYPE'] === 'application/json' ? $raw : $_POST['payload']);
switch ($_SERVER['HTTP_X_GITHUB_EVENT']) {
    case 'ping':
        echo 'pong';
        break;
    case 'push':
        error_log($payload->ref);
        break;
    default:
        header('HTTP/1.0 404 Not Found');
        echo 'This event is not handled: ';
        print_r($payload);
}
