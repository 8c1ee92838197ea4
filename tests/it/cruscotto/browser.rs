//! A browser, as far as the server can tell: it keeps cookies, follows nothing by itself and sends forms.

use std::{collections::BTreeMap, net::SocketAddr};

use reqwest::{Client, RequestBuilder, header::HeaderMap, redirect::Policy};

/// A browser, with its cookies.
#[derive(Clone)]
pub(super) struct Browser {
    base: String,
    client: Client,
    pub(super) cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Browser {
    /// Without cookies.
    pub(super) fn new(address: SocketAddr) -> Self {
        let client = Client::builder().tls_certs_only([]);
        Self {
            base: format!("http://{address}"),
            client: client.redirect(Policy::none()).build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// The same browser at another instance.
    pub(super) fn at(&self, address: SocketAddr) -> Self {
        Self {
            base: format!("http://{address}"),
            ..self.clone()
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Shown {
        let request = self.request(path);
        self.send(request).await
    }

    /// A request, not sent yet.
    pub(super) fn request(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    /// What comes back of a request with the cookies, as it comes.
    pub(super) async fn send_for_bytes(&self, request: RequestBuilder) -> Vec<u8> {
        let request = request.header("cookie", self.cookie_header());
        let response = request.send().await.unwrap();
        response.bytes().await.unwrap().to_vec()
    }

    fn cookie_header(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Sends a form.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let request = self.form(path, fields);
        self.send(request).await
    }

    /// A form, not sent yet.
    pub(super) fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// A request, with the cookies; what the answer says of cookies is kept.
    pub(super) async fn send(&mut self, request: RequestBuilder) -> Shown {
        let cookies = self.cookie_header();
        let request = match cookies.is_empty() {
            true => request,
            false => request.header("cookie", cookies),
        };
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Shown {
            status: response.status().as_u16(),
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// Chooses this way in; what the form is answered.
    pub(super) async fn choose(&mut self, way: usize, next: &str) -> Shown {
        let page = self.get("/cruscotto/entra").await;
        assert_eq!(page.status, 200, "{}", page.text);
        let token = page.form_token();
        let way = way.to_string();
        let fields = [("modulo", &*token), ("dopo", next), ("modo", &*way)];
        self.post("/cruscotto/entra", &fields).await
    }

    /// Signs in by choice.
    pub(super) async fn sign_in(&mut self, way: usize) {
        let answered = self.choose(way, "/cruscotto").await;
        assert_eq!(answered.status, 303, "{}", answered.text);
        assert_eq!(answered.location(), "/cruscotto");
    }

    /// Signs out.
    pub(super) async fn sign_out(&mut self) -> Shown {
        let token = self.get("/cruscotto/accesso").await.form_token();
        self.post("/cruscotto/esci", &[("modulo", &token)]).await
    }
}

impl Shown {
    /// Where the browser goes on to: by a redirect, or by a page that goes on by itself.
    #[track_caller]
    pub(super) fn location(&self) -> &str {
        match self.headers.get("refresh") {
            Some(refresh) => refresh.to_str().unwrap().strip_prefix("0; url=").unwrap(),
            None => self.headers["location"].to_str().unwrap(),
        }
    }

    /// A page that is one.
    #[track_caller]
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    /// What the first form of the page sends along.
    #[track_caller]
    pub(super) fn form_token(&self) -> String {
        let mark = r#"name="modulo" value=""#;
        let at = self
            .text
            .find(mark)
            .unwrap_or_else(|| panic!("no form in {}", self.text));
        let rest = &self.text[at + mark.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    /// The texts of all cells of figures, without what surrounds them.
    pub(super) fn figures(&self) -> Vec<String> {
        let cells = self.text.split("<td class=\"num").skip(1);
        let cells = cells.map(|cell| {
            let text = &cell[cell.find('>').unwrap() + 1..cell.find("</td>").unwrap()];
            text.split('<').next().unwrap().trim().to_owned()
        });
        cells.collect()
    }
}
