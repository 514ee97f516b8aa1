import { render } from 'preact';
import { Api } from './api/api.ts';
import { FeedDocument } from './generated/operations.ts';
import { Account } from './model/account.ts';
import { clock } from './model/clock.ts';
import { FeedModel } from './model/feed.ts';
import { Pairs } from './model/pairs.ts';
import { Place } from './model/place.ts';
import { App } from './view/app.tsx';

const GRAPHQL = '/graphql';

const api = new Api(GRAPHQL);
const feed = new FeedModel(api.link);
const pairs = new Pairs(api);
api.subscribe(
  FeedDocument,
  {},
  { next: result => feed.take(result), interrupted: () => feed.interrupted(), failed: () => {} },
);
// A server that was started anew may know others.
api.onConnected(() => pairs.load());

clock.follow();

const root = document.getElementById('root');
if (root !== null) {
  render(
    <App api={api} feed={feed} pairs={pairs} place={new Place()} account={new Account(GRAPHQL)} />,
    root,
  );
}
